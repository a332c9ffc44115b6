/** Colours that tell apart well for most eyes, in this order, on light and on dark. */
const CATEGORIES = {
  light: ['#2a78d6', '#1baf7a', '#eda100', '#008300', '#4a3aa7', '#e34948', '#e87ba4', '#eb6834'],
  dark: ['#3987e5', '#199e70', '#c98500', '#2fa52f', '#9085e9', '#e66767', '#d55181', '#d95926'],
}
/** What has an order, such as sizes: one hue, from near the background to far from it. */
const STEPS = {
  light: ['#86b6ef', '#5598e7', '#2a78d6', '#1c5cab', '#104281', '#0a2a54'],
  dark: ['#2a5f9e', '#3579c9', '#5598e7', '#86b6ef', '#b7d3f6', '#e3effd'],
}
export const CATEGORY_COUNT = CATEGORIES.light.length
export const STEP_COUNT = STEPS.light.length

const GROUND = {
  light:
    '--page:#f6f6f3;--surface:#fdfdfc;--ink:#11110f;--ink2:#52514e;--muted:#73716b;--grid:#e6e5de;--axis:#bdbcb1;--line:#dedcd3;--peer:#8f8d84;--good:#006300;--bad:#b32424;--accent:#2a78d6',
  dark: '--page:#0e0e0d;--surface:#1a1a19;--ink:#f6f5f0;--ink2:#c3c2b7;--muted:#99978e;--grid:#2c2c2a;--axis:#4a4945;--line:#33322f;--peer:#77756d;--good:#4cc24c;--bad:#f08080;--accent:#5598e7',
}

function variables(mode: 'light' | 'dark'): string {
  const numbered = (letter: string, colours: readonly string[]) =>
    colours.map((colour, i) => `--${letter}${i}:${colour}`).join(';')
  return `${GROUND[mode]};${numbered('c', CATEGORIES[mode])};${numbered('o', STEPS[mode])}`
}

/** Colours of both modes, as the reader's system has it. */
export const COLOURS = `:root{color-scheme:light dark;${variables('light')}}
@media(prefers-color-scheme:dark){:root{${variables('dark')}}}
@media print{:root{color-scheme:light;${variables('light')}}}`

const series = [
  ...Array.from({ length: CATEGORY_COUNT }, (_, i) => `.c${i}{color:var(--c${i})}`),
  ...Array.from({ length: STEP_COUNT }, (_, i) => `.o${i}{color:var(--o${i})}`),
]

/** How plots look, in a page or as a file of their own. A series gives `color`, and its marks take it up. */
export const PLOT_STYLE = `.plot{font:12px system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;font-variant-numeric:tabular-nums}
.plot text{fill:var(--ink2)}.plot .name{fill:var(--ink)}.plot .value{fill:var(--ink);font-weight:600}.plot .small{fill:var(--muted);font-size:11px}.plot .head{fill:var(--ink);font-weight:600;font-size:13px}
.plot .grid{stroke:var(--grid)}.plot .axis{stroke:var(--axis)}.plot .track{fill:var(--grid)}.plot .spread{stroke:var(--ink);stroke-width:1.5}
.plot .mark{fill:currentColor}.plot .void{fill:var(--surface);stroke:currentColor;stroke-width:2}.plot .curve{fill:none;stroke:currentColor;stroke-width:2;stroke-linejoin:round;stroke-linecap:round}
.plot .hit{fill:transparent}.plot .hatch{stroke:var(--surface);stroke-width:3}.plot .ground{fill:var(--surface)}
.ours{color:var(--accent)}.peer{color:var(--peer)}${series.join('')}`

export const PAGE_STYLE = `${COLOURS}
${PLOT_STYLE}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main,header,nav.top{max-width:1120px;margin:0 auto;padding:0 20px}
header{padding-top:40px}
h1{font-size:30px;line-height:1.2;margin:0 0 4px;letter-spacing:-.02em}
h2{font-size:20px;line-height:1.3;margin:0;letter-spacing:-.01em}
h3{font-size:15px;margin:24px 0 8px}
p{margin:6px 0;max-width:76ch}
a{color:var(--accent);text-decoration-thickness:1px;text-underline-offset:2px}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
code{font:13px ui-monospace,SFMono-Regular,Menlo,monospace;overflow-wrap:anywhere}
.muted{color:var(--muted)}.soft{color:var(--ink2)}
.card{background:var(--surface);border:1px solid var(--line);border-radius:12px;padding:20px 24px;margin:16px 0}
.facts{display:grid;grid-template-columns:repeat(auto-fill,minmax(210px,1fr));gap:12px 24px;margin:0}
.facts div{min-width:0}.facts dt{color:var(--muted);font-size:13px}.facts dd{margin:0;overflow-wrap:anywhere}
.plots{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,430px),1fr));gap:20px 32px;margin:18px 0}
.plots.single{grid-template-columns:minmax(0,640px)}
figure{margin:0;min-width:0}figcaption{font-weight:600;font-size:14px;margin-bottom:6px}
.plot{display:block;width:100%;height:auto;overflow:visible}
.scroll{overflow-x:auto;margin:12px -24px 0;padding:0 24px}
table{border-collapse:collapse;width:100%;font-size:13.5px;font-variant-numeric:tabular-nums}
th,td{padding:7px 0 7px 18px;text-align:right;white-space:nowrap;border-bottom:1px solid var(--line);vertical-align:top}
thead th{white-space:normal;vertical-align:bottom}th{font-weight:500;color:var(--muted);font-size:12.5px}tbody th{color:var(--ink);font-size:13.5px;font-weight:400}
th:first-child,td:first-child{padding-left:0}.left{text-align:left}.wrap{white-space:normal;min-width:12em}
tr:last-child>*{border-bottom:0}tr.first>*{border-top:1px solid var(--axis)}
.us>th,.us>td{font-weight:600}.spread{color:var(--muted);font-weight:400;font-size:12px;display:block}
.verdicts{list-style:none;padding:0;margin:14px 0 0;display:grid;gap:4px}
.verdicts li{display:grid;grid-template-columns:74px 1fr;gap:8px;align-items:baseline}
.chip{font-size:12px;font-weight:600;letter-spacing:.02em;white-space:nowrap}
.pass{color:var(--good)}.short{color:var(--bad)}.none{color:var(--muted)}
.notes{margin:12px 0 0;padding-left:18px;color:var(--ink2);font-size:13.5px}
summary{cursor:pointer;color:var(--ink2);font-size:14px;margin-top:14px}
.heading{display:flex;justify-content:space-between;gap:16px;align-items:baseline;flex-wrap:wrap}
.warn{border-left:4px solid var(--bad)}
.skip{position:absolute;left:-999px}.skip:focus{left:8px;top:8px;background:var(--surface);padding:8px}
footer{max-width:1120px;margin:32px auto;padding:0 20px;color:var(--muted);font-size:13.5px}
@media(max-width:600px){.card{padding:16px;border-radius:10px}.scroll{margin:12px -16px 0;padding:0 16px}header{padding-top:24px}h1{font-size:25px}main,header{padding-left:12px;padding-right:12px}.plot{font-size:15px}.plot .small{font-size:14px}.plot .head{font-size:16px}}
@media print{.card{break-inside:avoid}body{background:none}}`

/** Preferred colours, so that who stands beside us has the same colour in all plots. */
const PREFERRED: { readonly [subject: string]: number | undefined } = {
  sluice: 0,
  'sluice-streams': 1,
  nats: 7,
  'nats-websocket': 2,
  redis: 4,
  mosquitto: 5,
  aedes: 6,
  socketio: 3,
  ws: 1,
  uwebsockets: 2,
}

/** A class for each name, none twice while colours last. Beyond them all are grey, and told apart by the table. */
export function categoryClasses(names: readonly string[]): Map<string, string> {
  const free = new Set(Array.from({ length: CATEGORY_COUNT }, (_, i) => i))
  const classes = new Map<string, string>()
  const give = (name: string, category: number | undefined) => {
    if (category === undefined || !free.delete(category)) return
    classes.set(name, `c${category}`)
  }
  for (const name of names) give(name, PREFERRED[name])
  for (const name of names) if (!classes.has(name)) give(name, [...free][0])
  return new Map(names.map((name) => [name, classes.get(name) ?? 'peer']))
}

/** Classes for things that have an order. */
export function stepClasses(names: readonly string[]): Map<string, string> {
  const step = (i: number) => (names.length === 1 ? 2 : Math.round((i * (STEP_COUNT - 1)) / (names.length - 1)))
  return new Map(names.map((name, i) => [name, `o${step(i)}`]))
}
