import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { anyRow, anyValue } from './arbitrary-rows.ts'
import { compileTable } from './compile-table.ts'
import { Difference, type TargetRow } from './conversion.ts'
import { sameValue } from './same-value.ts'
import { tables } from './sample-tables.ts'

describe.each(Object.entries(tables))('any row of %s', (_, { plan, columns, zone }) => {
  const table = compileTable(plan, columns, zone)
  const rows = fc.oneof(anyRow(columns), fc.tuple(...columns.map(() => anyValue)))

  it('comes back exactly, value by value and class by class, or is rejected by column', () => {
    const outcomes = { migrated: 0, legacy: 0, rejected: 0 }
    fc.assert(
      fc.property(rows, (row) => {
        const conversion = table.convert(row)
        outcomes[conversion.outcome]++
        if (conversion.outcome === 'rejected') {
          const index = columns.findIndex(({ name }) => name === conversion.column)
          expect(sameValue(row[index] ?? null, conversion.value)).toBe(true)
          expect(conversion.reason).not.toBe('')
        }
        if (conversion.outcome !== 'migrated') return
        // what is kept goes through a JSONB column
        const kept = JSON.parse(JSON.stringify(conversion.kept))
        const back = table.invert(conversion.rows, kept)
        expect(back).toHaveLength(row.length)
        for (const [index, value] of row.entries()) {
          if (!sameValue(back[index] ?? null, value)) expect(back).toEqual(row)
        }
        const again = table.convert(back)
        expect(again).toEqual(conversion)
      }),
      { numRuns: 1500 },
    )
    expect(outcomes.migrated).toBeGreaterThan(50)
    expect(outcomes.rejected).toBeGreaterThan(50)
  })

  it('is written as text that is there for each column', () => {
    fc.assert(
      fc.property(anyRow(columns), (row) => {
        const conversion = table.convert(row)
        if (conversion.outcome !== 'migrated') return
        for (const target of conversion.rows) {
          expect(target).toHaveLength(table.columns.length)
          for (const text of target) expect(text === null || (text.isWellFormed() && !text.includes('\0'))).toBe(true)
          expect(table.equal(target, target)).toBe(true)
        }
      }),
    )
  })
})

describe('a changed target row', () => {
  const { plan, columns, zone } = tables.metrics as (typeof tables)[string]
  const table = compileTable(plan, columns, zone)
  const row = [1n, 'a', 'cpu', 0.5, '2025-07-15T13:38:00.520081', null, null, null]

  it('is told from one that is only written otherwise', () => {
    const conversion = table.convert(row)
    if (conversion.outcome !== 'migrated') throw new Error('it must be migrated')
    const [target] = conversion.rows as [TargetRow]
    const place = (column: string) => table.columns.indexOf(column)
    const changed = (column: string, text: string) => target.with(place(column), text)
    expect(table.equal(target, changed('value', '5e-1'))).toBe(true)
    expect(table.equal(target, changed('metadata', '{"id": 1}'))).toBe(true)
    expect(table.equal(target, changed('timestamp', '2025-07-15 15:38:00.520081+02'))).toBe(true)
    expect(table.equal(target, changed('value', '0.6'))).toBe(false)
    expect(table.equal(target, changed('metadata', '{"id": 2}'))).toBe(false)
    expect(table.equal(target, changed('timestamp', '2025-07-15 13:38:00.520082+00'))).toBe(false)
    expect(table.equal(target, changed('agent_name', 'b'))).toBe(false)
  })

  it('makes a difference when a source row cannot have made it', () => {
    const wide = tables.wide as (typeof tables)[string]
    const pivot = compileTable(wide.plan, wide.columns, wide.zone)
    const shared = ['a', '2025-07-15 13:38:00+00', '{}']
    expect(() => table.invert([], null)).toThrow(Difference)
    expect(() =>
      pivot.invert(
        [
          [...shared, 'cpu', '1'],
          [...shared, 'cpu', '2'],
        ],
        null,
      ),
    ).toThrow('two rows')
    expect(() => pivot.invert([[...shared, 'gpu', '1']], null)).toThrow('metric_type gpu is none of this table')
    const broken = ['a', 'cpu', '1', '2025-07-15 13:38:00+00', 'no JSON']
    expect(() => table.invert([broken], null)).toThrow('metadata cannot be read back')
  })
})
