/** A part of a list; `next_cursor` asks for what follows and is null at the end. */
export type Page<T> = { items: T[]; next_cursor: string | null }
