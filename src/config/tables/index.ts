import { slo } from './slo.js'
import { topic_class } from './topic-class.js'

/** Every array of tables, in the order of the file. A new one is a file here and a line below. */
export const TABLES = { slo, topic_class } as const
