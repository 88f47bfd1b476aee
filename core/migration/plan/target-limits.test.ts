import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { integerLimits, largestContent, textLimits } from './target-limits.ts'

const folder = join(import.meta.dirname, '..', '..', 'records', 'sql')
const sql = readdirSync(folder)
  .map((file) => readFileSync(join(folder, file), 'utf8'))
  .join('\n')

/** The line of a column's definition. */
function definition(table: string, column: string): string {
  const body = new RegExp(`CREATE TABLE ${table} \\(([^;]*)\\)[^;]*;`).exec(sql)?.[1] ?? ''
  return body.split('\n').find((line) => line.trim().startsWith(`${column} `)) ?? ''
}

it('are those of the schema', () => {
  for (const [table, columns] of Object.entries(textLimits)) {
    for (const [column, { least, most, nullable }] of Object.entries(columns)) {
      const line = definition(table, column)
      const check = least > 0 ? `BETWEEN ${least} AND ${most})` : `<= ${most})`
      expect(line, `${table}.${column}`).toContain(`(char_length(${column}) ${check}`)
      expect(line.includes('NOT NULL'), `${table}.${column}`).toBe(!nullable)
    }
  }
  for (const [table, columns] of Object.entries(integerLimits)) {
    for (const [column, { least, most }] of Object.entries(columns)) {
      const check = column === 'attempts' ? `>= ${least})` : `BETWEEN ${least} AND ${most})`
      expect(definition(table, column), `${table}.${column}`).toContain(`(${column} ${check}`)
    }
  }
  expect(definition('agent_conversations', 'content')).toContain(`(octet_length(content) <= ${largestContent})`)
})
