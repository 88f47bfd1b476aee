/** A receipt as the bus reads it. To callers it is opaque. */
export type Receipt = { sequence: string; lease: number; body: string | null }

const pattern = /^(\d{1,17})\.(\d{1,9})(?:\.([\w-]{1,64}))?$/

/** The proof of one lease: the message's sequence, the number of the lease, and the key of a large body. */
export function encodeReceipt(receipt: Receipt): string {
  return `${receipt.sequence}.${receipt.lease}${receipt.body === null ? '' : `.${receipt.body}`}`
}

/** Reads a receipt; undefined for what was never one. */
export function decodeReceipt(text: string): Receipt | undefined {
  const match = pattern.exec(text)
  if (!match) return undefined
  return { sequence: match[1] as string, lease: Number(match[2]), body: match[3] ?? null }
}
