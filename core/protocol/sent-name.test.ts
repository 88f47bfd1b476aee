import { expect, it } from 'vitest'
import { sentName } from './sent-name.ts'

const rest = { payload: {}, type: 'alert' }

it.each([
  [{ from_agent: 'a', to_agent: 'b', message_type: 't', body: {} }, 'from_agent', 'from_agent'],
  [{ from_agent: 'a', to_agent: 'b', message_type: 't', body: {} }, 'message_id', 'message_id'],
  [{ ...rest, source_agent: 'a', target_agent: 'b' }, 'from_agent', 'source_agent'],
  [{ ...rest, source_agent: 'a', target_agent: 'b' }, 'to_agent', 'target_agent'],
  [{ ...rest, source_agent: 'a', target_agent: null, target_group: 'all' }, 'to_agent', 'target_group'],
  [{ ...rest, from_agent: 'a', target_agent: 'b' }, 'from_agent', 'from_agent'],
  [{ ...rest, from_agent: null, source_agent: 'a', to_agent: 'b' }, 'from_agent', 'source_agent'],
  [{ ...rest, from_agent: null, source_agent: 'a', to_agent: 'b' }, 'to_agent', 'to_agent'],
  ['no message', 'to_agent', 'to_agent'],
])('of %j, %s is called %s', (input, field, sent) => {
  expect(sentName(input, field)).toBe(sent)
})
