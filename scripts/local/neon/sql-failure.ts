import pg from 'pg'

/** An answer that is not 200, with the body that Neon's proxy gives. */
export class SqlFailure extends Error {
  readonly status: number
  readonly body: Record<string, string | null>

  constructor(status: number, message: string, fields: Partial<pg.DatabaseError> = {}) {
    super(message)
    this.status = status
    this.body = {
      message,
      code: fields.code ?? '',
      severity: fields.severity ?? '',
      detail: fields.detail ?? null,
      hint: fields.hint ?? null,
      position: fields.position ?? null,
      internalPosition: fields.internalPosition ?? null,
      internalQuery: fields.internalQuery ?? null,
      where: fields.where ?? null,
      table: fields.table ?? null,
      column: fields.column ?? null,
      schema: fields.schema ?? null,
      dataType: fields.dataType ?? null,
      constraint: fields.constraint ?? null,
      file: fields.file ?? null,
      line: fields.line ?? null,
      routine: fields.routine ?? null,
    }
  }
}

/** Why a statement failed: what Postgres said, or that the connection broke under it. Neon answers both with 400. */
export function statementFailure(error: unknown): SqlFailure {
  if (error instanceof SqlFailure) return error
  if (error instanceof pg.DatabaseError) return new SqlFailure(400, error.message, error)
  return new SqlFailure(400, 'connection closed')
}

/** Why there is no connection: the caller's credentials (400), or a Postgres that is away or refuses (500). */
export function connectionFailure(error: unknown): SqlFailure {
  if (!(error instanceof pg.DatabaseError)) return new SqlFailure(500, "Couldn't connect to compute node")
  const credentials = error.code === '28P01' || error.code === '28000'
  return credentials ? new SqlFailure(400, error.message) : new SqlFailure(500, error.message, error)
}
