/** Topics that are timed apart, by a name; numbered in the order of the array, at most TOPIC_CLASSES_MAX. */
export interface TopicClass {
  readonly name: string
  /** A pattern. */
  readonly topics: string
}

/** An objective: the share `objective` of events on `topics` is through `stage` within `thresholdMs`, over `windowDays`. */
export interface SloSettings {
  readonly name: string
  readonly topics: string
  readonly stage: 'routing' | 'delivery'
  readonly thresholdMs: number
  readonly objective: number
  readonly windowDays: number
  /** Number of its class of topics. */
  readonly topicClass: number
}

/** A port that clients connect to, for people. */
export interface ListenerPlace {
  readonly name: string
  readonly url: string
  readonly about: string
}

/** What the observer thread is told at its start: plain data, from the configuration. */
export interface ObserverSettings {
  readonly name: string
  readonly software: string
  /** Of the configuration that runs. */
  readonly digest: string
  /** The admin port; null when there is none, and then nothing is served. */
  readonly admin: {
    readonly host: string
    readonly port: number
    /** Names by which it may be addressed beside those of this machine and plain addresses. */
    readonly names: readonly string[]
    /** Whether it answers to those who say not who they are. */
    readonly isOpen: boolean
  } | null
  readonly classes: readonly TopicClass[]
  readonly slos: readonly SloSettings[]
  /** URL that breaches and recoveries are posted to; empty for none. */
  readonly webhook: string
  /** File that keeps what objectives have counted over a restart; empty for none. */
  readonly stateFile: string
}
