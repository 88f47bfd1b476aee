import { type Affinity, affinityOf } from './affinity.ts'

/** The columns of a source table, as conversion needs them. */
export type Source = {
  names: readonly string[]
  affinities: readonly Affinity[]
  affinity(index: number): Affinity
  /** The place of a column in a row. SQLite does not tell upper from lower case in names. Raises when there is none. */
  index(name: string): number
}

export function sourceOf(columns: readonly { name: string; declaredType: string }[]): Source {
  const places = new Map(columns.map(({ name }, index) => [foldCase(name), index]))
  const affinities = columns.map(({ declaredType }) => affinityOf(declaredType))
  return {
    names: columns.map(({ name }) => name),
    affinities,
    affinity: (index) => affinities[index] ?? 'BLOB',
    index(name) {
      const place = places.get(foldCase(name))
      if (place === undefined) throw new Error(`there is no column ${name}`)
      return place
    },
  }
}

/** A name as SQLite compares it: only ASCII letters lose their case. */
export const foldCase = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase())
