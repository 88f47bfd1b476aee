import { createHash } from 'node:crypto'
import { AgentName } from '../../../core/protocol/agent-name.ts'

/** The agent name that stands for a name of the source: itself where it may be one, else a readable form with its hash. */
export function agentNameFor(original: string): string {
  if (AgentName().safeParse(original).success) return original
  const hash = createHash('sha256').update(original).digest('hex').slice(0, 8)
  const readable = original
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 40)
  return readable === '' ? `agent-${hash}` : `${readable}-${hash}`
}
