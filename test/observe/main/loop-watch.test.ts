import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import { LoopWatch } from '../../../src/observe/main/loop-watch.js'
import { until } from '../../helpers/until.js'

function block(ms: number): void {
  const end = performance.now() + ms
  while (performance.now() < end);
}

t.test('a loop that is held shows as lag and use, until the next interval', async (t) => {
  const watch = new LoopWatch()
  t.teardown(() => watch.close())
  await until('the monitor has begun', () => watch.read().lagMaxMs > 0)
  block(80)
  await until('it is seen', () => watch.read().lagMaxMs > 60)
  t.ok(watch.read().utilization > 0)
  t.ok(watch.read().lagP50Ms <= watch.read().lagP99Ms)
  watch.beginInterval()
  t.equal(watch.read().lagMaxMs, 0, 'a new interval has seen nothing')
})

t.test('pauses to collect garbage are counted by kind', async (t) => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const watch = new LoopWatch()
  t.teardown(() => watch.close())
  t.same(Object.keys(watch.read().gc).sort(), ['incremental', 'major', 'minor', 'weakcb'])
  const before = watch.read().gc.major.count
  await until('one is seen', () => {
    collect()
    return watch.read().gc.major.count > before
  })
  const { gc, gcMaxMs } = watch.read()
  t.ok(gc.major.ms > 0 && gcMaxMs > 0)
  t.ok(gc.major.ms >= gcMaxMs || gc.minor.ms >= gcMaxMs)
})
