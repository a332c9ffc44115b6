import { role } from './role.js'
import { slo } from './slo.js'
import { topic_class } from './topic-class.js'
import { user } from './user.js'

/** Every array of tables, in the order of the file. A new one is a file here and a line below. */
export const TABLES = { slo, topic_class, user, role } as const
