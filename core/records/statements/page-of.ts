import type { Page } from '../page.ts'

/** Bytes of content after which a page ends early: an answer must stay below Neon's 10 MiB and Lambda's 6 MB. */
export const pageBytes = 3 * 1024 * 1024

/** What `pagedSelect` adds to each row. */
export type Paged = { found: number }

/**
 * Wraps a SELECT that is ordered by `order` and gives one row more than a page may have, so that it ends after
 * `pageBytes` of `content` too, though never before its first row.
 */
export function pagedSelect(select: string, order: string, content: string): string {
  return `
    SELECT * FROM (
      SELECT rows.*, count(*) OVER ()::int AS found, row_number() OVER (ORDER BY ${order}) AS place,
        sum(octet_length(${content})) OVER (ORDER BY ${order}) AS bytes
      FROM (${select}) rows
    ) measured
    WHERE place = 1 OR bytes <= ${pageBytes}
    ORDER BY ${order}`
}

/** A page of at most `limit` of the rows that `pagedSelect` gave; there is another one if they were not all. */
export function pageOf<Row extends Paged, Item>(
  rows: Row[],
  limit: number,
  read: (row: Row) => Item,
  cursorOf: (row: Row) => string,
): Page<Item> {
  const shown = rows.slice(0, limit)
  const last = shown.at(-1)
  const more = last !== undefined && last.found > shown.length
  return { items: shown.map(read), next_cursor: more ? cursorOf(last) : null }
}
