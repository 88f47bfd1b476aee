import type { Draft, Drafted } from '../draft.ts'

/** What an unknown table may be, and why that is likely; undefined where nothing says so. */
export type Suggest = (draft: Draft) => { because: string; table: Drafted } | undefined
