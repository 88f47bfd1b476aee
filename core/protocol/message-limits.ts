/** Bytes of a body as JSON in UTF-8, without white space. */
export const largestBodyBytes = 256 * 1024
/** Bytes of metadata, what an older shape left there included. */
export const largestMetadataBytes = 16 * 1024
