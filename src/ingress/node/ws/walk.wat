;; The two loops over the bytes of clients (RFC 6455). scripts/assemble.mjs makes walk-wasm.ts of this.
(module
  ;; Slabs and staging: positions are byte offsets into it.
  (import "sluice" "memory" (memory 1))

  ;; Walks whole data frames of one kind that are not fragmented, and unmasks their payloads back to back.
  ;;
  ;; $lead    first byte of such frames: FIN, no reserved bit, and the opcode
  ;; $at      first frame; up to 15 bytes after $until are read, and ignored
  ;; $until   end of what has arrived
  ;; $to      where the payloads go; up to 15 bytes after the last are overwritten
  ;; $most    the largest payload to take, in bytes
  ;; $found   receives how many payloads there are, in one word, and then the position after each
  ;; $endsMax room in the table, in payloads
  ;; result   the first frame not taken: not whole yet, or another kind, or too large
  (func (export "walk")
    (param $lead i32) (param $at i32) (param $until i32) (param $to i32) (param $most i32) (param $found i32) (param $endsMax i32)
    (result i32)
    (local $head i32) (local $length i32) (local $body i32) (local $next i32)
    (local $entry i32) (local $entriesEnd i32) (local $stop i32) (local $mask v128)
    (local.set $entry (i32.add (local.get $found) (i32.const 4)))
    (local.set $entriesEnd (i32.add (local.get $entry) (i32.shl (local.get $endsMax) (i32.const 2))))
    ;; The mask bit is in the second byte.
    (local.set $lead (i32.or (local.get $lead) (i32.const 0x8000)))
    (block $done
      (loop $frames
        (br_if $done (i32.ge_u (local.get $entry) (local.get $entriesEnd)))
        (local.set $body (i32.add (local.get $at) (i32.const 6)))
        (br_if $done (i32.gt_u (local.get $body) (local.get $until)))
        (local.set $head (i32.load16_u (local.get $at)))
        (br_if $done (i32.ne (i32.and (local.get $head) (i32.const 0x80ff)) (local.get $lead)))
        (local.set $length (i32.and (i32.shr_u (local.get $head) (i32.const 8)) (i32.const 0x7f)))
        (if (i32.ge_u (local.get $length) (i32.const 126))
          (then
            (br_if $done (i32.eq (local.get $length) (i32.const 127)))
            (local.set $body (i32.add (local.get $at) (i32.const 8)))
            (br_if $done (i32.gt_u (local.get $body) (local.get $until)))
            (local.set $length
              (i32.or
                (i32.shl (i32.load8_u offset=2 (local.get $at)) (i32.const 8))
                (i32.load8_u offset=3 (local.get $at))))))
        (br_if $done (i32.gt_u (local.get $length) (local.get $most)))
        (local.set $next (i32.add (local.get $body) (local.get $length)))
        (br_if $done (i32.gt_u (local.get $next) (local.get $until)))
        (local.set $mask (i32x4.splat (i32.load (i32.sub (local.get $body) (i32.const 4)))))
        (local.set $at (local.get $body))
        ;; 64 bytes at a time, then 16.
        (local.set $stop (i32.add (local.get $body) (i32.and (local.get $length) (i32.const 0xffffffc0))))
        (block $whole
          (loop $four
            (br_if $whole (i32.ge_u (local.get $at) (local.get $stop)))
            (v128.store (local.get $to) (v128.xor (v128.load (local.get $at)) (local.get $mask)))
            (v128.store offset=16 (local.get $to) (v128.xor (v128.load offset=16 (local.get $at)) (local.get $mask)))
            (v128.store offset=32 (local.get $to) (v128.xor (v128.load offset=32 (local.get $at)) (local.get $mask)))
            (v128.store offset=48 (local.get $to) (v128.xor (v128.load offset=48 (local.get $at)) (local.get $mask)))
            (local.set $at (i32.add (local.get $at) (i32.const 64)))
            (local.set $to (i32.add (local.get $to) (i32.const 64)))
            (br $four)))
        (block $rest
          (loop $one
            (br_if $rest (i32.ge_u (local.get $at) (local.get $next)))
            (v128.store (local.get $to) (v128.xor (v128.load (local.get $at)) (local.get $mask)))
            (local.set $at (i32.add (local.get $at) (i32.const 16)))
            (local.set $to (i32.add (local.get $to) (i32.const 16)))
            (br $one)))
        ;; The last 16 may have gone over the end by as much as they did in the source.
        (local.set $to (i32.sub (local.get $to) (i32.sub (local.get $at) (local.get $next))))
        (local.set $at (local.get $next))
        (i32.store (local.get $entry) (local.get $to))
        (local.set $entry (i32.add (local.get $entry) (i32.const 4)))
        (br $frames)))
    (i32.store (local.get $found)
      (i32.shr_u (i32.sub (i32.sub (local.get $entry) (local.get $found)) (i32.const 4)) (i32.const 2)))
    (local.get $at))

  ;; Unmasks [$at, $until) where it lies, and touches nothing else. $mask: the masking key as it is in memory, turned so that its
  ;; first byte is for $at.
  (func (export "unmask") (param $at i32) (param $until i32) (param $mask i32)
    (local $stop i32) (local $wide v128)
    (local.set $wide (i32x4.splat (local.get $mask)))
    (local.set $stop
      (i32.add (local.get $at) (i32.and (i32.sub (local.get $until) (local.get $at)) (i32.const 0xfffffff0))))
    (block $whole
      (loop $one
        (br_if $whole (i32.ge_u (local.get $at) (local.get $stop)))
        (v128.store (local.get $at) (v128.xor (v128.load (local.get $at)) (local.get $wide)))
        (local.set $at (i32.add (local.get $at) (i32.const 16)))
        (br $one)))
    (block $rest
      (loop $byte
        (br_if $rest (i32.ge_u (local.get $at) (local.get $until)))
        (i32.store8 (local.get $at) (i32.xor (i32.load8_u (local.get $at)) (local.get $mask)))
        (local.set $mask (i32.rotr (local.get $mask) (i32.const 8)))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $byte)))))
