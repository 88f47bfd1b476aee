import { inTransaction, type MigrationClient, rowsOf } from '../load/migration-client.ts'

/** Tries to get ids one after another while others write to the target, before it is locked for a moment. */
const idAttempts = 5

/** Ids of a target, one after another, that nobody else gets. */
export class ReservedIds {
  readonly #client: MigrationClient
  readonly #target: string
  #next = 0n
  #left = 0

  constructor(client: MigrationClient, target: string) {
    this.#client = client
    this.#target = target
  }

  /** Ids that a batch had which was not stored: nobody has seen them. */
  static again(client: MigrationClient, target: string, first: bigint, count: number): ReservedIds {
    const ids = new ReservedIds(client, target)
    ids.#next = first
    ids.#left = count
    return ids
  }

  /** The id that is taken next. */
  get next(): bigint {
    return this.#next
  }

  has(count: number): boolean {
    return this.#left >= count
  }

  /** The first of so many ids one after another. They must be there. */
  take(count: number): bigint {
    if (count > this.#left) throw new Error('there are not so many ids')
    const first = this.#next
    this.#next += BigInt(count)
    this.#left -= count
    return first
  }

  /** Reserves so many; what was left of those before is given up. Outside of any transaction. */
  async reserve(count: number): Promise<void> {
    let first: bigint | undefined
    for (let attempt = 0; first === undefined; attempt++) {
      if (attempt < idAttempts) first = await this.#reserve(count)
      else {
        first = await inTransaction(this.#client, async () => {
          // others take ids from the sequence between ours only while they may write
          await this.#client.query(`LOCK TABLE ${this.#target} IN SHARE ROW EXCLUSIVE MODE`)
          return this.#reserve(count)
        })
      }
    }
    this.#next = first
    this.#left = count
  }

  async #reserve(count: number): Promise<bigint | undefined> {
    const [ids] = await rowsOf<{ least: string; most: string }>(
      this.#client,
      // OFFSET keeps the sequence from being looked up for each id
      `SELECT min(id)::text AS least, max(id)::text AS most FROM (
         SELECT nextval(sequence) AS id FROM (
           SELECT pg_get_serial_sequence($1, 'id')::regclass AS sequence OFFSET 0
         ) one, generate_series(1, $2::int)
       ) reserved`,
      [this.#target, count],
    )
    const least = BigInt(ids?.least ?? 0)
    return BigInt(ids?.most ?? 0) - least === BigInt(count - 1) ? least : undefined
  }
}
