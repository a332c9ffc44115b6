;; The loop over events that continue a run. scripts/assemble.mjs makes follow-wasm.ts of this.
(module
  ;; The slabs: positions are byte offsets into it.
  (import "sluice" "memory" (memory 1))

  ;; Walks EVENT frames, back to back, whose bytes up to the payload are those of the event before.
  ;;
  ;; $head    where those bytes are
  ;; $length  how many they are, 4 at least
  ;; $at      first frame
  ;; $ends    the position after each message, in words; no frame goes over one
  ;; $message index of the message that $at is in, or at the end of
  ;; $count   messages in all
  ;; $most    the largest payload to take, with its header, in bytes
  ;; $limit   how far the run may go
  ;; $found   receives the first frame that was not taken, and the index of the message that it is in: $count after the last
  ;; result   how many events were taken
  (func (export "follow")
    (param $head i32) (param $length i32) (param $at i32) (param $ends i32) (param $message i32) (param $count i32)
    (param $most i32) (param $limit i32) (param $found i32)
    (result i32)
    (local $end i32) (local $payload i32) (local $next i32) (local $same i32) (local $last i32) (local $type i32) (local $events i32)
    (block $done
      (loop $messages
        (br_if $done (i32.ge_u (local.get $message) (local.get $count)))
        (local.set $end (i32.load (i32.add (local.get $ends) (i32.shl (local.get $message) (i32.const 2)))))
        (loop $frames
          (if (i32.ge_u (local.get $at) (local.get $end))
            (then
              (local.set $message (i32.add (local.get $message) (i32.const 1)))
              (br $messages)))
          (local.set $payload (i32.add (local.get $at) (local.get $length)))
          ;; The longest header of a payload is three bytes.
          (br_if $done (i32.gt_u (i32.add (local.get $payload) (i32.const 3)) (local.get $end)))
          ;; Eight bytes at a time; the last eight, or four, may overlap those before.
          (if (i32.ge_u (local.get $length) (i32.const 8))
            (then
              (local.set $last (i32.sub (local.get $length) (i32.const 8)))
              (local.set $same (i32.const 0))
              (block $compared
                (loop $words
                  (br_if $compared (i32.ge_u (local.get $same) (local.get $last)))
                  (br_if $done
                    (i64.ne
                      (i64.load (i32.add (local.get $head) (local.get $same)))
                      (i64.load (i32.add (local.get $at) (local.get $same)))))
                  (local.set $same (i32.add (local.get $same) (i32.const 8)))
                  (br $words)))
              (br_if $done
                (i64.ne
                  (i64.load (i32.add (local.get $head) (local.get $last)))
                  (i64.load (i32.add (local.get $at) (local.get $last))))))
            (else
              (local.set $last (i32.sub (local.get $length) (i32.const 4)))
              (br_if $done (i32.ne (i32.load (local.get $head)) (i32.load (local.get $at))))
              (br_if $done
                (i32.ne
                  (i32.load (i32.add (local.get $head) (local.get $last)))
                  (i32.load (i32.add (local.get $at) (local.get $last)))))))
          ;; bin 8 and bin 16 of msgpack.
          (local.set $type (i32.load8_u (local.get $payload)))
          (if (i32.eq (local.get $type) (i32.const 0xc4))
            (then
              (local.set $next
                (i32.add (i32.add (local.get $payload) (i32.const 2)) (i32.load8_u offset=1 (local.get $payload)))))
            (else
              (br_if $done (i32.ne (local.get $type) (i32.const 0xc5)))
              (local.set $next
                (i32.add
                  (i32.add (local.get $payload) (i32.const 3))
                  (i32.or
                    (i32.shl (i32.load8_u offset=1 (local.get $payload)) (i32.const 8))
                    (i32.load8_u offset=2 (local.get $payload)))))))
          (br_if $done (i32.gt_u (local.get $next) (local.get $end)))
          (br_if $done (i32.gt_u (local.get $next) (local.get $limit)))
          (br_if $done (i32.gt_u (i32.sub (local.get $next) (local.get $payload)) (local.get $most)))
          (local.set $at (local.get $next))
          (local.set $events (i32.add (local.get $events) (i32.const 1)))
          (br $frames))))
    (i32.store (local.get $found) (local.get $at))
    (i32.store offset=4 (local.get $found) (local.get $message))
    (local.get $events)))
