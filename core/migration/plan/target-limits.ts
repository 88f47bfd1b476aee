/** What a target's text column takes, in characters; as the CHECKs under core/records/sql have it. */
export type TextLimit = { least: number; most: number; nullable: boolean }

const name = (most: number): TextLimit => ({ least: 1, most, nullable: false })

export const textLimits = {
  agent_metrics: {
    agent_name: name(512),
    metric_type: name(512),
    source_database: { least: 0, most: 1024, nullable: true },
  },
  agent_capabilities: {
    agent_name: name(512),
    capability: name(512),
    description: { least: 0, most: 10_000, nullable: true },
  },
  security_events: {
    event_type: name(512),
    severity: name(64),
    description: { least: 0, most: 10_000, nullable: false },
  },
  agent_conversations: {
    from_agent: name(512),
    to_agent: name(512),
    message_type: name(512),
    message_id: name(512),
  },
  audit_logs: {
    action: name(512),
    actor: name(512),
    target: { least: 1, most: 2048, nullable: true },
  },
} as const satisfies Record<string, Record<string, TextLimit>>

/** What a target's whole-number column takes, both ends included. */
export type IntegerLimit = { least: number; most: number }

export const integerLimits = {
  agent_capabilities: { proficiency_level: { least: 1, most: 10 } },
  agent_conversations: { priority: { least: 1, most: 4 }, attempts: { least: 0, most: 2_147_483_647 } },
} as const satisfies Record<string, Record<string, IntegerLimit>>

/** The largest body of a conversation's message, in bytes of UTF-8. */
export const largestContent = 16_777_216

/** Text columns that are in one index together. */
export const indexedTogether: Record<string, readonly (readonly string[])[]> = {
  agent_metrics: [['agent_name', 'metric_type']],
  agent_capabilities: [['agent_name', 'capability']],
  agent_conversations: [['from_agent', 'message_id', 'to_agent']],
  audit_logs: [['target']],
}

/** What an entry of a B-tree takes is 2,704 bytes; this leaves room for the columns beside the texts. */
export const largestIndexed = 2600
