import t from 'tap'
import { cpuByThread } from '../../../src/observe/metrics/threads.js'
import { until } from '../../helpers/until.js'

t.test(
  'processor time by thread, which is that of the process together',
  { skip: process.platform !== 'linux' },
  async (t) => {
    const before = cpuByThread().get('routing') as number
    await until('this thread has worked', () => {
      const end = performance.now() + 20
      while (performance.now() < end);
      return (cpuByThread().get('routing') as number) > before
    })
    const sum = [...cpuByThread().values()].reduce((all, seconds) => all + seconds, 0)
    const { user, system } = process.cpuUsage()
    // Counted in hundredths by thread.
    t.ok(sum <= (user + system) / 1e6 + 0.5, `${sum} s`)
  },
)
