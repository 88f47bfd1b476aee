import type { MiddlewareObj } from '@middy/core'
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda'
import { InvalidKey } from '../core/access/authenticate.ts'
import { recordSecurityEvent, type SecurityEventType } from '../core/access/security-events.ts'
import { type ErrorCode, HiveError } from '../core/errors.ts'
import type { HiveContext } from './known.ts'
import { warmHive } from './warm.ts'

/** Refusals that are security events as well. */
const eventTypes: Partial<Record<ErrorCode, SecurityEventType>> = {
  'auth.missing': 'auth.failed',
  'auth.invalid': 'auth.failed',
  'endpoint.refused': 'endpoint.blocked',
  'loop.detected': 'loop.detected',
  'auth.forbidden': 'scope.violation',
  'rate.limited': 'rate.limited',
}

/** What a caller without a key can make the hive store of a request is bounded. */
const mostCharacters = 128
const mostErrors = 10

/** Records refusals that look like an attack or a fault of an agent. Headers are left alone: they hold keys. */
export const suspicious: MiddlewareObj<APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Error, HiveContext> =
  {
    onError: async ({ event, context, error }) => {
      if (!(error instanceof HiveError)) return
      const type = eventTypes[error.code]
      if (!type) return
      const { http, requestId } = event.requestContext
      const claimed = error instanceof InvalidKey ? error.keyId : undefined
      await recordSecurityEvent(warmHive(), {
        type,
        of: context.known?.caller?.keyId ?? claimed,
        description: error.message,
        metadata: {
          code: error.code,
          errors: error.errors.slice(0, mostErrors),
          route: event.routeKey,
          ...(context.known?.caller ? { key: context.known.caller.keyId, agent: context.known.caller.agent } : {}),
          ...(claimed === undefined ? {} : { key: claimed }),
          ...(event.pathParameters ? { path: shortened(event.pathParameters) } : {}),
          source_ip: http.sourceIp,
          request_id: requestId,
        },
      })
    },
  }

function shortened(parameters: Record<string, string | undefined>): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, value?.slice(0, mostCharacters)]))
}
