/** How SQLite prefers to store what is put into a column (https://sqlite.org/datatype3.html, section 3.1). */
export type Affinity = 'INTEGER' | 'TEXT' | 'BLOB' | 'REAL' | 'NUMERIC'

/**
 * The affinity of a declared type; rules in SQLite's order, so that CHARINT is INTEGER and FLOATING POINT too. Only
 * ASCII has two cases for it, as for a regular expression without the flag u.
 */
export function affinityOf(declaredType: string): Affinity {
  if (/INT/i.test(declaredType)) return 'INTEGER'
  if (/CHAR|CLOB|TEXT/i.test(declaredType)) return 'TEXT'
  if (declaredType === '' || /BLOB/i.test(declaredType)) return 'BLOB'
  if (/REAL|FLOA|DOUB/i.test(declaredType)) return 'REAL'
  return 'NUMERIC'
}
