import { parseMs } from '../../config/units.js'
import { STAGE_NAMES } from '../../core/latency.js'
import { LANES } from '../../protocol/ops.js'
import type { TopicClass } from '../settings.js'
import { AdminProblem } from '../thread/routes.js'
import { HISTORY_MS } from './history.js'
import { allSeries, CLASS_STAGE_NAMES, type Series } from './series.js'

/**
 * The series that a query wants by `stage`, `lane` and `class` (its name): without any, all that there are.
 * @throws AdminProblem
 */
export function askedSeries(query: URLSearchParams, classes: readonly TopicClass[]): Series[] {
  const stage = query.get('stage')
  const lane = query.get('lane')
  const className = query.get('class')
  if (stage !== null && !STAGE_NAMES.some((name) => name === stage)) {
    throw new AdminProblem(400, `there is no stage ${stage}; there are ${STAGE_NAMES.join(', ')}`)
  }
  if (lane !== null && className !== null) {
    throw new AdminProblem(400, 'a lane and a class exclude each other: classes are timed over all lanes')
  }
  if (lane !== null && !(/^\d$/.test(lane) && Number(lane) < LANES)) {
    throw new AdminProblem(400, `there is no lane ${lane}; there are 0 (most urgent) to ${LANES - 1}`)
  }
  const topicClass = className === null ? null : numberOf(className, classes)
  if (className !== null && stage !== null && !CLASS_STAGE_NAMES.some((name) => name === stage)) {
    throw new AdminProblem(400, `classes are not timed by ${stage}, but by ${CLASS_STAGE_NAMES.join(' and ')}`)
  }
  return allSeries(classes.length).filter(
    (series) =>
      (stage === null || series.stage === stage) &&
      (lane === null || series.lane === Number(lane)) &&
      (topicClass === null || series.topicClass === topicClass),
  )
}

function numberOf(name: string, classes: readonly TopicClass[]): number {
  const found = classes.findIndex((each) => each.name === name)
  if (found >= 0) return found
  const known =
    classes.length === 0 ? 'none are configured' : `there are ${classes.map((each) => each.name).join(', ')}`
  throw new AdminProblem(400, `there is no class ${name}; ${known}`)
}

/**
 * Milliseconds of a duration such as `10s`, `5m`, `1h`.
 * @throws AdminProblem
 */
export function askedMs(text: string): number {
  const ms = parseMs(text)
  if (ms === null || ms < 1000 || ms > HISTORY_MS) {
    throw new AdminProblem(400, `${text}: not a time from 1s to 48h, such as 10s, 5m or 1h`)
  }
  return ms
}
