import { longVarint, type RecordShape, type StoredRecord, sizes } from './stored-record.ts'

/** Where each value of a record is, found once for all that look at it. The same one serves record after record. */
export class RecordColumns {
  /** The serial type of each value, and where its bytes begin. */
  readonly types: Int32Array
  readonly starts: Int32Array
  bytes: Buffer = none
  shape: RecordShape = { columns: 0, rowidAlias: -1, reals: [] }
  rowid = 0n

  constructor(columns: number) {
    this.types = new Int32Array(columns)
    this.starts = new Int32Array(columns)
  }

  /** Looks at a record, which must have as many columns. */
  read(record: StoredRecord): void {
    const { bytes, shape, body } = record
    const { types, starts } = this
    let at = record.types
    let next = body
    for (let column = 0; column < types.length; column++) {
      let type = bytes[at++] as number
      if (type > 0x7f) {
        const long = longVarint(bytes, at - 1, body)
        type = long.value
        at = long.end
      }
      types[column] = type
      starts[column] = next
      next += type >= 12 ? (type - 12) >>> 1 : (sizes[type] as number)
    }
    this.bytes = bytes
    this.shape = shape
    this.rowid = record.rowid
  }

  /** Lets go of the record, which holds a piece of its file. */
  forget(): void {
    this.bytes = none
  }
}

const none = Buffer.alloc(0)
