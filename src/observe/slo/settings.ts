import { assert } from '../../base/assert.js'
import { type Config, type NamedTopics, topicClassesOf } from '../../config/index.js'
import type { ObserverSettings } from '../settings.js'

const DAY_MS = 86_400_000

/**
 * What the configuration says about objectives: for the observer thread, and (as patterns by number) for the core.
 * @param classes that are timed apart, if the daemon has begun with another configuration
 */
export function sloSettings(
  { slo, topicClass, observe }: Pick<Config, 'slo' | 'topicClass' | 'observe'>,
  classes: readonly NamedTopics[] = topicClassesOf({ slo, topicClass }),
): Pick<ObserverSettings, 'classes' | 'slos' | 'webhook' | 'stateFile'> {
  return {
    classes,
    slos: slo.map(({ name, topics, stage, thresholdMs, objective, windowMs }) => {
      const number = classes.findIndex((known) => known.topics === topics)
      assert(number >= 0, 'the topics of an objective are a class')
      return { name, topics, stage, thresholdMs, objective, windowDays: windowMs / DAY_MS, topicClass: number }
    }),
    webhook: observe.webhook,
    stateFile: observe.stateFile,
  }
}
