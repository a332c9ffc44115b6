export { type Config, DEFAULTS, ENTRIES, type Entry } from './config.js'
export { type Loaded, type LoadOptions, loadConfig } from './load.js'
export { formatProblem, type Problem } from './problem.js'
