import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parseJson } from './json.ts'
import { parseMessage } from './message.ts'

const page = readFileSync(new URL('../../docs/protocol.md', import.meta.url), 'utf8')
const examples = [...page.matchAll(/^Sent.*?```json\n(.*?)```.*?^Read as.*?```json\n(.*?)```/gms)]
const options = { now: Date.UTC(2026, 2, 1), newId: () => '019ca6d1-2c00-7000-8000-000000000000' }

describe('docs/protocol.md', () => {
  it('has an example of v1 and of each older shape', () => {
    expect(examples).toHaveLength(3)
  })

  it.each(examples.map(([, sent, read]) => [sent, read]))('reads the example %s', (sent = '', read = '') => {
    expect(parseMessage(parseJson(sent), options)).toEqual(parseJson(read))
  })
})
