import type { DatabaseSync } from 'node:sqlite'
import { quoteName } from '../analyze/reading/read-rows.ts'
import { runCreate } from './create-statement.ts'

/** A table that was made; for now without collations that are not there, and with functions that only say so. */
export type Created = { collations: string[]; functions: string[] }

const mostMissing = 100

/**
 * Makes a table whose statement may ask for what only its own program has: functions, which no rebuild calls, for constraints
 * are not checked, and tables whose generated columns ask for them are filled as plain ones; collations, without which it is
 * made for now. Throws what else is wrong with it.
 */
export function createTable(database: DatabaseSync, sql: string): Created | 'module is missing' {
  const created: Created = { collations: [], functions: [] }
  let text = sql
  for (let tries = 0; ; tries++) {
    try {
      runCreate(database, 'table', text)
      return created
    } catch (error) {
      const message = error instanceof Error ? error.message : ''
      const [, what = '', name = ''] = /^no such (module|function|collation sequence): (.+)$/s.exec(message) ?? []
      if (what === 'module') return 'module is missing'
      const before = text
      if (what === 'function') {
        standIn(database, name)
        created.functions.push(name)
      } else if (what === 'collation sequence') {
        created.collations.push(name)
        text = withoutCollation(text, name)
      }
      if ((what !== 'function' && text === before) || tries === mostMissing) throw error
    }
  }
}

/** An index that would have to call it cannot be made. */
export function standIn(database: DatabaseSync, name: string): void {
  database.function(name, { varargs: true, deterministic: true }, () => {
    throw new Error(`no such function: ${name}`)
  })
}

function withoutCollation(sql: string, name: string): string {
  const plain = name.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
  return sql.replaceAll(
    new RegExp(`(\\bCOLLATE\\s+)(?:"${plain}"|\\[${plain}\\]|[\`]${plain}[\`]|'${plain}'|${plain}\\b)`, 'gi'),
    '$1BINARY',
  )
}

export const missingCollations = (names: readonly string[]) => `there is no collation ${names.join(', ')} here`

/** Whether a table has indexes of its own, whose order is that of its collations. */
export const hasKeys = (database: DatabaseSync, name: string): boolean =>
  database.prepare(`PRAGMA index_list(${quoteName(name)})`).all().length > 0

/** Gives a table that was made without its collations its statement back. */
export function restoreTable(database: DatabaseSync, name: string, sql: string): void {
  openSchema(database)
  database.prepare("UPDATE sqlite_schema SET sql = ? WHERE type = 'table' AND name = ?").run(sql, name)
}

/** A table whose module is not there is in the schema all the same, for those who have it. */
export function enterTable(database: DatabaseSync, { name, sql }: { name: string; sql: string | null }): void {
  openSchema(database)
  database
    .prepare("INSERT INTO sqlite_schema (type, name, tbl_name, rootpage, sql) VALUES ('table', ?, ?, 0, ?)")
    .run(name, name, sql)
}

/** Makes a table that is called like one of a virtual table that is there. */
export function makeShadow(database: DatabaseSync, sql: string): void {
  database.enableDefensive(false)
  createTable(database, sql)
}

export function emptyShadow(database: DatabaseSync, name: string): void {
  database.enableDefensive(false)
  database.exec(`DELETE FROM ${quoteName(name)}`)
}

function openSchema(database: DatabaseSync): void {
  database.enableDefensive(false)
  database.exec('PRAGMA writable_schema = ON')
}
