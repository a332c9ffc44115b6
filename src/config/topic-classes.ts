/** Classes of topics that are timed apart, those of objectives among them. The core has a bit for each (core/latency.ts). */
export const TOPIC_CLASSES_MAX = 16

export interface NamedTopics {
  readonly name: string
  /** A pattern. */
  readonly topics: string
}

/** Topics that are timed apart: the configured classes, then those of each objective that are none of them; named after the first objective on them. */
export function topicClassesOf(config: {
  readonly topicClass: readonly NamedTopics[]
  readonly slo: readonly NamedTopics[]
}): readonly NamedTopics[] {
  const classes = config.topicClass.map(({ name, topics }) => ({ name, topics }))
  for (const { name, topics } of config.slo) {
    if (!classes.some((known) => known.topics === topics)) classes.push({ name, topics })
  }
  return classes
}
