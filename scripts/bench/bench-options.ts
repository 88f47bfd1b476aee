/** What a bench may be asked for beside its rounds. */
export type BenchOptions = {
  /** Put what is measured into docs. */
  write: boolean
  /** As little of everything as shows that the bench works: its figures mean nothing. */
  quick: boolean
  /** Rows that are migrated. */
  rows: number
  /** How long the soak loads. */
  minutes: number
}
