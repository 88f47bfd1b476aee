import { constants, type DatabaseSync } from 'node:sqlite'

/** The kinds of a schema's entries, with what SQLite calls the making of each. */
const making: Record<string, readonly number[]> = {
  table: [constants.SQLITE_CREATE_TABLE, constants.SQLITE_CREATE_VTABLE],
  index: [constants.SQLITE_CREATE_INDEX],
  view: [constants.SQLITE_CREATE_VIEW],
  trigger: [constants.SQLITE_CREATE_TRIGGER],
}

const allMaking = new Set(Object.values(making).flat())

/** What SQLite does besides to make one: it writes the schema, and virtual tables make and fill tables of their own. */
const besides = new Set([
  ...[constants.SQLITE_READ, constants.SQLITE_SELECT, constants.SQLITE_RECURSIVE, constants.SQLITE_REINDEX],
  ...[constants.SQLITE_INSERT, constants.SQLITE_UPDATE, constants.SQLITE_DELETE],
])

/** What virtual tables ask for when they are made. */
const askedFor = new Set(['page_size', 'data_version'])

/**
 * Runs the statement of a schema's entry, which may be built to harm: it is one that makes what the entry says, in this
 * database, and nothing else runs with it. Throws what is wrong with it.
 */
export function runCreate(database: DatabaseSync, type: string, sql: string): void {
  const makes = making[type]
  // all that SQLite itself runs of a schema begins so
  if (makes === undefined || !/^create\b/i.test(sql)) throw new Error(`its SQL makes no ${type}`)
  let first: number | undefined
  database.setAuthorizer((action, one, two, name) => {
    if (allMaking.has(action)) {
      // those of a virtual table come behind it
      first = first === constants.SQLITE_CREATE_VTABLE ? first : action
      const isOfIt = first === constants.SQLITE_CREATE_VTABLE || makes.includes(action) || isOwnIndex(type, action, one)
      return isOfIt && name === 'main' ? constants.SQLITE_OK : constants.SQLITE_DENY
    }
    const isMade = first !== constants.SQLITE_CREATE_TABLE || action !== constants.SQLITE_SELECT
    return isMade && isHarmless(action, one, two) ? constants.SQLITE_OK : constants.SQLITE_DENY
  })
  try {
    const statement = database.prepare(sql)
    if (/[^\s;]/.test(sql.slice(statement.sourceSQL.length))) throw new Error('its SQL is more than one statement')
    statement.run()
  } finally {
    database.setAuthorizer(null)
  }
}

/** The keys of a table are indexes that are made with it. */
const isOwnIndex = (type: string, action: number, name: string | null) =>
  type === 'table' && action === constants.SQLITE_CREATE_INDEX && (name?.startsWith('sqlite_autoindex_') ?? false)

function isHarmless(action: number, one: string | null, two: string | null): boolean {
  if (action === constants.SQLITE_PRAGMA) return askedFor.has(one ?? '') && two === null
  if (action === constants.SQLITE_FUNCTION) return two !== 'load_extension'
  return besides.has(action)
}
