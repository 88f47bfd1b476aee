/** What one publish request may hold: below the hive's own limits of 100 messages and 4 MiB, the envelope included. */
const mostMessages = 100
const mostBytes = 3.5 * 1024 * 1024

/** Groups items, in their order, so that each group is one publish request. An item too large for any request is alone in its group. */
export async function* batches<Item>(
  items: AsyncIterable<Item> | Iterable<Item>,
  toJson: (item: Item) => unknown,
): AsyncGenerator<Item[]> {
  let batch: Item[] = []
  let bytes = 0
  for await (const item of items) {
    const size = Buffer.byteLength(JSON.stringify(toJson(item))) + 1
    if (batch.length === mostMessages || (batch.length > 0 && bytes + size > mostBytes)) {
      yield batch
      batch = []
      bytes = 0
    }
    batch.push(item)
    bytes += size
  }
  if (batch.length > 0) yield batch
}
