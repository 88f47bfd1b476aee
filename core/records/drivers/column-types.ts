import { fromJsonb } from '../jsonb.ts'

const timestamptz = 1184
const jsonb = 3802

/** As much of `pg`'s and of Neon's types as is used; they are the same code. */
type Types = { getTypeParser(oid: number, format?: 'text' | 'binary'): (value: string) => unknown }

/** A driver's own types, but for timestamptz as Postgres's text and JSONB as it was before `toJsonb`. */
export function columnTypes(own: unknown) {
  return {
    getTypeParser(oid: number, format?: 'text' | 'binary') {
      if (oid === timestamptz) return (text: string) => text
      if (oid === jsonb) return fromJsonb
      return (own as Types).getTypeParser(oid, format)
    },
  }
}
