import { duration, integer, integers, ratio, size } from '../option.js'
import { section } from '../section.js'

export const router = section({
  describe: 'Accept fills lanes, drain empties them. These bound the memory of the first and the work of the second.',
  reload: 'live',
  options: {
    slab_bytes: size({
      reload: 'restart',
      default: '1MiB',
      min: '64KiB',
      max: '64MiB',
      describe: 'One block of the pool into which arriving frames are copied.',
      reason: 'Holds the largest message; larger blocks stay held longer by the last event in them.',
    }),
    slabs: integer({
      reload: 'restart',
      default: 32,
      min: 2,
      max: 4096,
      unit: 'slabs',
      describe: 'Blocks in the pool.',
      reason:
        '32 MiB in all: four times what may be pending, so that one slow run in a block does not stop the intake.',
    }),
    inline_drain_frames: integer({
      default: 256,
      min: 1,
      max: 1_000_000,
      unit: 'frames',
      describe: 'Once this many frames are pending, they are drained at once instead of at the end of the loop turn.',
      reason:
        'A socket that never runs dry keeps the loop from turning; without this a firehose would deliver nothing for seconds.',
    }),
    inline_drain_bytes: size({
      default: '128KiB',
      min: '1B',
      max: '64MiB',
      describe: 'The same, by bytes.',
      reason: 'About what fits the second-level cache while it is copied on; more adds latency and no throughput.',
    }),
    drain_bytes: size({
      default: '4MiB',
      min: '64KiB',
      max: '1GiB',
      describe: 'Work of one drain, in bytes times receivers; the rest waits for the next, lane by lane.',
      reason: 'About a millisecond of copying: an event of lane 0 that arrives meanwhile waits no longer than that.',
    }),
    pending_bytes_max: size({
      default: '8MiB',
      min: '64KiB',
      max: '1GiB',
      describe: 'Bytes that may wait in the lanes; above it, accept drains first, so publishers are slowed.',
      reason: 'A burst of some milliseconds at full speed. A longer queue would only be latency.',
    }),
    run_bytes_max: size({
      default: '64KiB',
      min: '1KiB',
      max: '16MiB',
      describe: 'Consecutive events of one topic and lane are merged up to this many bytes.',
      reason:
        'Hundreds of events share one match and one copy; beyond it little is won, and a more urgent lane waits longer.',
    }),
    direct_bytes: size({
      default: '4KiB',
      min: '64B',
      max: '256KiB',
      describe: 'A run of at least this many bytes is sent to each receiver as it lies, without being gathered.',
      reason: 'Above a page, the copy into a batch costs more than the send it saves.',
    }),
    batch_bytes: size({
      reload: 'restart',
      default: '32KiB',
      min: '1KiB',
      max: '256KiB',
      describe: 'Smaller runs for one receiver are gathered into a message of about this many bytes.',
      reason:
        'One send for hundreds of small events, small enough that a more urgent lane can still go between. ' +
        'A drain holds up to 2,048 of them: 64 MiB.',
    }),
    lane_weights: integers({
      reload: 'restart',
      default: [64, 32, 16, 8, 4, 2, 1],
      length: 7,
      min: 1,
      max: 1024,
      unit: 'weight',
      describe: 'Shares of lanes 1 to 7 when all of them have events waiting.',
      reason:
        'Each lane gets twice the share of the next; none is 0, so none starves. Lane 0 is not weighed: it goes first.',
    }),
    strict_share: ratio({
      reload: 'restart',
      default: 0.9,
      min: 0.1,
      max: 0.99,
      describe: 'Largest share of a drain that lane 0 may take while other lanes wait.',
      reason: 'Lane 0 is as good as alone, and a publisher that marks everything urgent still cannot stop the rest.',
    }),
    topics_max: integer({
      reload: 'restart',
      default: 262_144,
      min: 16,
      max: 16_777_216,
      unit: 'topics',
      describe: 'Topics known at a time; when the table is full, idle ones make room.',
      reason:
        'About 100 bytes each, so 25 MiB however inventive publishers are, and room for most sets of topics at once.',
    }),
    topic_idle: duration({
      default: '10m',
      min: '1s',
      max: '7d',
      describe: 'A topic without an event for this long is forgotten, and costs a new match when it returns.',
      reason: 'Longer than the period of nearly all regular senders.',
    }),
  },
})
