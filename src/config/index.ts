export { type Config, camel, DEFAULTS, ENTRIES, type Entry, propertyName, TABLE_ENTRIES } from './config.js'
export { type Loaded, type LoadOptions, loadConfig } from './load.js'
export { formatProblem, type Problem } from './problem.js'
export { topicClassesOf } from './topic-classes.js'
