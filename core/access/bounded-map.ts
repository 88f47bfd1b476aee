/** A map by text that holds so many entries at most; the ones that were not used for the longest go first. */
export class BoundedMap<Value> {
  readonly #entries = new Map<string, Value>()
  readonly #most: number
  /** The key at the end already: to move one makes the Map build itself anew every few times. */
  #newest: string | undefined

  constructor(most: number) {
    this.#most = most
  }

  get size(): number {
    return this.#entries.size
  }

  get(key: string): Value | undefined {
    const value = this.#entries.get(key)
    if (value !== undefined && key !== this.#newest) this.#putLast(key, value)
    return value
  }

  set(key: string, value: Value): void {
    this.#putLast(key, value)
    if (this.#entries.size <= this.#most) return
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest)
      return
    }
  }

  delete(key: string): void {
    this.#entries.delete(key)
  }

  /** A Map keeps the order of insertion: what is used goes to its end. */
  #putLast(key: string, value: Value): void {
    if (key !== this.#newest) this.#entries.delete(key)
    this.#entries.set(key, value)
    this.#newest = key
  }
}
