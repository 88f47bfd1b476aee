import { HiveError } from '../errors.ts'

/** An unknown agent is an error and never an empty inbox: the two must not look alike. */
export function unknownAgent(agent: string): HiveError {
  return new HiveError('agent.unknown', `No agent is called ${JSON.stringify(agent)}.`, {
    errors: [{ field: 'agent', message: 'is not registered' }],
  })
}

export function disabledAgent(agent: string): HiveError {
  return new HiveError('agent.disabled', `Agent ${JSON.stringify(agent)} is disabled.`, {
    errors: [{ field: 'agent', message: 'is disabled' }],
  })
}
