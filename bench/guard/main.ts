import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { endChildrenOnExit } from '../pinned.js'
import { judge, readBaseline, round, updated, type Verdict, writeBaseline } from './baseline.js'
import type { Figure } from './figure.js'
import { measureAll } from './measure.js'

const HELP = `Usage: npm run guard -- [options]

Measures how much work an event is (bytes allocated and copied, system calls, runs and writes, processor time against a loop in the same process)
and compares it with bench/guard/baseline.json. Nothing depends on how fast the machine is. Exit code 0: nothing has grown; 1: something has.

  --update      what was measured is the new baseline for this version of Node
  --all         shows every figure, not only what has changed
  --json FILE   writes the figures
  --help

docs/guard.md says what each figure means.
`

process.exitCode = await main()

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      update: { type: 'boolean' },
      all: { type: 'boolean' },
      json: { type: 'string' },
      help: { type: 'boolean' },
    },
  })
  if (values.help === true) {
    console.log(HELP)
    return 0
  }
  endChildrenOnExit()
  const node = process.versions.node.split('.')[0]
  const { figures, skipped } = await measureAll((what) => process.stderr.write(`  ${what}\n`))
  for (const why of skipped) console.log(`skipped: ${why}`)
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify({ node, figures, skipped }, null, 2)}\n`)
  const baseline = readBaseline()
  if (values.update === true) {
    writeBaseline(updated(baseline, figures, node))
    for (const figure of figures) console.log(figureText(figure))
    console.log(`\n${figures.length} figures are the baseline for Node ${node} now`)
    return 0
  }
  return report(judge(figures, baseline, node), skipped.length, values.all === true)
}

function report(verdicts: readonly Verdict[], skipped: number, showsAll: boolean): number {
  for (const verdict of verdicts) {
    const { figure } = verdict
    if (!verdict.holds) {
      console.log(`FAIL ${figure.name}: ${verdict.why}`)
      for (const place of figure.look) console.log(`     look at ${place}`)
    } else if (verdict.isMuchLess) {
      console.log(`less ${figureText(figure)}, and was ${verdict.baseline}: npm run guard -- --update keeps it so`)
    } else if (showsAll) console.log(`  ok ${figureText(figure)}, and was ${verdict.baseline}`)
  }
  const failed = verdicts.filter(({ holds }) => !holds).length
  console.log(`${verdicts.length - failed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
  return failed > 0 ? 1 : 0
}

function figureText({ name, value, unit }: Figure): string {
  return `${name}: ${round(value)} ${unit}`
}
