import type { PathParameter, Route } from '../routes.ts'

export type Examples = Record<string, { summary: string; value: object }>

const deadLetterId = '1790000000000000'
const keyId = '0123456789abcdef01234567'
const uploadId = '019aa7d5-7c00-7000-8000-000000000001'
const migrationId = '019aa7d5-7c00-7000-8000-000000000002'

/**
 * Bodies that are accepted one after another in the order of the route table. Only what a hive gives out itself,
 * receipts and the ids of dead letters, keys, uploads and migrations, is another's.
 */
export const requestExamples: Record<NonNullable<Route['request']>, Examples> = {
  RegisterAgent: {
    pull: { summary: 'An agent that takes its messages itself', value: {} },
    push: { summary: 'An agent to which messages are pushed', value: { endpoint: 'https://builder.example.com/hive' } },
  },
  ChangeAgent: {
    disable: { summary: 'Stop an agent', value: { disabled: true } },
    enable: { summary: 'Let it go on', value: { disabled: false } },
    pull: { summary: 'Let it take its messages itself', value: { endpoint: null } },
  },
  RotateSigningSecret: {
    made: { summary: 'Let the hive make the secret', value: {} },
    own: {
      summary: 'A secret of your own, with which the request can be sent again',
      value: { signing_secret: 'whsec_YSBzZWNyZXQgb2YgdGhlIGV4YW1wbGVzIGFsb25l' },
    },
  },
  DeclareCapability: {
    plain: { summary: 'Something that the agent can do', value: {} },
    well: {
      summary: 'Something that it can do well',
      value: { proficiency_level: 9, description: 'Builds and tests web applications.' },
    },
  },
  Subscribe: {
    all: { summary: 'Every message of the topic', value: {} },
    some: { summary: 'Only some types', value: { message_types: ['release', 'rollback'] } },
  },
  NewMessage: {
    least: {
      summary: 'The least there is',
      value: { from_agent: 'planner', to_agent: 'builder', message_type: 'build', body: { target: 'web' } },
    },
    request: {
      summary: 'A request that can be sent again without being delivered twice',
      value: {
        version: 1,
        message_id: 'build-42',
        from_agent: 'planner',
        to_agent: 'builder',
        message_type: 'build',
        priority: 'HIGH',
        ttl: 86_400,
        body: { target: 'web', commit: '8db0403' },
        delivery_options: { max_attempts: 10, backoff: { type: 'exponential', base_seconds: 5 }, lease_seconds: 60 },
        metadata: { trace: 'a1b2c3' },
        correlation_id: 'release-7',
        reply_to: 'planner',
      },
    },
  },
  PublishBatch: {
    ordered: {
      summary: 'Two messages that are handed over one after the other',
      value: {
        messages: ['migrate', 'deploy'].map((step) => ({
          message_id: `release-7-${step}`,
          from_agent: 'planner',
          to_agent: 'builder',
          message_type: step,
          body: { release: 7 },
          delivery_options: { ordering_key: 'release-7' },
        })),
      },
    },
  },
  Receive: {
    now: { summary: 'What is there', value: { max: 10 } },
    wait: {
      summary: 'Wait for a message, and have ten minutes for it',
      value: { max: 1, wait_seconds: 20, lease_seconds: 600 },
    },
    answers: { summary: 'Only what belongs together', value: { correlation_id: 'release-7', wait_seconds: 20 } },
  },
  Settle: {
    handled: { summary: 'Two messages were handled', value: { acks: ['1790000000000001.1', '1790000000000002.1'] } },
    mixed: {
      summary: 'One was handled, one comes back later, one needs more time',
      value: {
        acks: ['1790000000000003.1'],
        nacks: [{ receipt: '1790000000000004.1', delay_seconds: 30, reason: 'the registry does not answer' }],
        extensions: [{ receipt: '1790000000000005.2', lease_seconds: 600 }],
      },
    },
  },
  SelectDeadLetters: {
    some: { summary: 'Some by id', value: { ids: [deadLetterId] } },
    all: { summary: 'All of the inbox', value: { all: true } },
  },
  WriteMetrics: {
    one: { summary: 'One point of now', value: { agent_name: 'builder', metric_type: 'latency_ms', value: 12.5 } },
    many: {
      summary: 'Many points',
      value: {
        points: [
          { agent_name: 'builder', metric_type: 'latency_ms', value: 12.5, timestamp: '2026-03-01T12:00:00Z' },
          {
            agent_name: 'builder',
            metric_type: 'tokens',
            value: 1_800,
            timestamp: '2026-03-01T12:00:00Z',
            metadata: { model: 'small' },
          },
        ],
      },
    },
  },
  CreateKey: {
    agent: {
      summary: 'A key with which an agent sends and receives',
      value: { agent: 'builder', scopes: ['publish', 'receive'] },
    },
    operator: {
      summary: 'A key with which an operator may do everything, for a while',
      value: { scopes: ['admin'], expires_at: '2099-01-01T00:00:00Z' },
    },
  },
  RotateKey: {
    hour: { summary: 'Let both keys be good for an hour', value: {} },
    now: { summary: 'End the key before at once', value: { overlap_seconds: 0 } },
  },
  RebuildProjection: {
    begin: { summary: 'The first 500 records', value: {} },
  },
  CreateUpload: {
    database: {
      summary: 'A database and the -wal that lies beside it',
      value: {
        files: [
          { path: 'agents/monitoring.db', bytes: 40_960 },
          { path: 'agents/monitoring.db-wal', bytes: 4_152 },
        ],
      },
    },
  },
  StartMigration: {
    legacy: {
      summary: 'Every row of a table as it is',
      value: {
        upload: uploadId,
        plan: {
          version: 1,
          zone: 'UTC',
          files: [{ path: 'agents/monitoring.db', tables: [{ name: 'events', target: 'legacy' }] }],
        },
      },
    },
    later: {
      summary: 'The same at night',
      value: {
        upload: uploadId,
        plan: {
          version: 1,
          zone: 'Europe/Berlin',
          files: [{ path: 'agents/monitoring.db', tables: [{ name: 'events', target: 'legacy' }] }],
        },
        start_at: '2099-01-01T00:00:00Z',
      },
    },
  },
}

/** Parameters of requests that work together with the bodies above. A cursor is there only where a list has given one. */
export const parameterExamples: Record<PathParameter, string> & Record<string, string | number> = {
  agent: 'builder',
  capability: 'build',
  topic: 'releases',
  min_proficiency: 5,
  conversation_id: '0b9f2c1e-6a51-4c0e-9a57-3f4a3f0f8d11',
  message_id: 'build-42',
  dead_letter_id: deadLetterId,
  key_id: keyId,
  migration_id: migrationId,
  from_agent: 'planner',
  agent_name: 'builder',
  metric_type: 'latency_ms',
  with: 'planner',
  search: 'web commit',
  event_type: 'auth.failed',
  severity: 'medium',
  action: 'agent.put',
  actor: 'config:1',
  target: 'builder',
  from: '2026-03-01T00:00:00Z',
  to: '2026-03-02T00:00:00Z',
  interval_seconds: 3_600,
  limit: 50,
  'Idempotency-Key': '6f1c0a52-release-7',
}
