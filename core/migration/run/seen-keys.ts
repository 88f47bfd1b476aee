import { createHash } from 'node:crypto'

const firstSlots = 1024
/** 64 MiB of digests. */
const mostSlots = 2 ** 23

/**
 * Keys that were there before, as digests of 64 bits: two keys have the same one about once in a million sets of four million
 * keys. Bounded memory: keys beyond what it holds count as new, and it is full.
 */
export class SeenKeys {
  readonly #mostSlots: number
  #slots: BigUint64Array
  #size = 0
  isFull = false

  constructor(slots = mostSlots) {
    this.#mostSlots = slots
    this.#slots = new BigUint64Array(Math.min(firstSlots, slots))
  }

  /** True where the key was there before. */
  seen(key: string): boolean {
    const digest = digestOf(key)
    if (this.#holds(digest)) return true
    if (this.#size * 2 >= this.#slots.length && !this.#grow()) {
      this.isFull = true
      return false
    }
    this.#slots[this.#slotOf(digest)] = digest
    this.#size++
    return false
  }

  #holds(digest: bigint): boolean {
    return this.#slots[this.#slotOf(digest)] === digest
  }

  /** Where a digest is, or may be put: half of the slots are empty. */
  #slotOf(digest: bigint): number {
    const last = this.#slots.length - 1
    let slot = Number(digest & BigInt(last))
    while (this.#slots[slot] !== 0n && this.#slots[slot] !== digest) slot = (slot + 1) & last
    return slot
  }

  #grow(): boolean {
    if (this.#slots.length * 2 > this.#mostSlots) return false
    const before = this.#slots
    this.#slots = new BigUint64Array(before.length * 2)
    for (const digest of before) if (digest !== 0n) this.#slots[this.#slotOf(digest)] = digest
    return true
  }
}

/** Never 0, which is an empty slot. */
const digestOf = (key: string) => createHash('sha1').update(key).digest().readBigUInt64LE() || 1n
