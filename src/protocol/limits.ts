/** Bounds that belong to the wire. What an operator may change is in config/; these are the largest it may be set to, or fixed. */

/** Bytes of a topic or pattern: a str8 holds it, and a topic's record stays within a few cache lines. */
export const TOPIC_BYTES_MAX = 255
/** Tokens of a topic or pattern: bounds the walk of the subscription trie. */
export const TOPIC_TOKENS_MAX = 16
/** Bytes of one control frame: they are decoded into objects, so they are kept small. */
export const CONTROL_BYTES_MAX = 4096
/** Values in one control frame, all levels together: an empty array of one byte becomes an object of thirty. */
export const CONTROL_VALUES_MAX = 256
/** Bytes of an event's metadata map, decoded only by receivers. */
export const METADATA_BYTES_MAX = 4096
/** Levels of arrays and maps in a frame or a payload that the daemon itself walks: a control frame needs three. */
export const NESTING_MAX = 32
/** Bytes of the metadata strings `id`, `type` and `key`. */
export const METADATA_TEXT_BYTES_MAX = 255
/** Milliseconds an event may live: four weeks. */
export const TTL_MS_MAX = 28 * 24 * 3600 * 1000
/** The largest request number: integers stay exact in JavaScript and JSON up to here. */
export const REQUEST_MAX = Number.MAX_SAFE_INTEGER
