import { type Draft, type Drafted, moment, rest, sourceName } from '../draft.ts'
import type { KnownTable } from './known-table.ts'

/** Tables of the Python agent hive with several measurements a row. */
export const wideMetricTables: KnownTable[] = [
  {
    name: 'auth_pipeline_metrics',
    columns: ['request_id', 'timestamp', 'total_time', 'jwt_time', 'postgresql_time', 'rbac_time', 'permission_time'],
    because: 'one request a row: each of its times and its risk score is a metric',
    draft: wide('auth_pipeline.', 'timestamp', {
      columns: ['total_time', 'jwt_time', 'postgresql_time', 'rbac_time', 'permission_time', 'risk_score'],
      json: ['suspicious_patterns'],
    }),
  },
  {
    name: 'auth_performance_stats',
    columns: ['period_start', 'period_end', 'total_requests', 'avg_total_time'],
    because: 'one period a row, measured at its end: each of its figures is a metric',
    draft: wide('auth_performance.', 'period_end', {
      columns: [
        'total_requests',
        'successful_requests',
        'failed_requests',
        'avg_total_time',
        'p95_total_time',
        'p99_total_time',
        'sla_violations',
        'sla_compliance_rate',
        'jwt_avg_time',
        'postgresql_avg_time',
        'rbac_avg_time',
        'permission_avg_time',
        'suspicious_activity_count',
        'high_risk_requests',
      ],
    }),
  },
  {
    name: 'security_dashboard_snapshots',
    columns: ['timestamp', 'jwt_avg_time', 'rbac_avg_time', 'total_auth_time', 'threat_level'],
    because: 'one snapshot a row: each of its figures is a metric; threat_level is a word and stays in metadata',
    draft: wide('security_dashboard.', 'timestamp', {
      columns: [
        'jwt_avg_time',
        'rbac_avg_time',
        'total_auth_time',
        'sla_compliance_rate',
        'requests_per_second',
        'concurrent_sessions',
        'auth_success_rate',
        'security_incidents',
        'user_satisfaction_score',
        'business_continuity_score',
      ],
    }),
  },
  {
    name: 'system_metrics',
    columns: ['metric_id', 'timestamp', 'cpu_usage', 'memory_usage', 'disk_usage', 'network_usage'],
    because: 'one sample of the system a row: each of its figures is a metric',
    draft: wide('system.', 'timestamp', {
      columns: [
        'cpu_usage',
        'memory_usage',
        'disk_usage',
        'network_usage',
        'active_agents',
        'queue_size',
        'task_completion_rate',
        'error_rate',
        'response_time',
        'throughput',
      ],
      json: ['metadata'],
    }),
  },
]

/** The named columns, as far as they are there, as metrics under a prefix. */
function wide(prefix: string, time: string, { columns, json = [] }: { columns: string[]; json?: string[] }) {
  return ({ path, table, agent }: Draft): Drafted => {
    const found = columns.filter((name) => table.columns.some((column) => column.name === name))
    return {
      target: 'agent_metrics',
      columns: {
        agent_name: { rule: 'constant', value: agent },
        timestamp: moment(table, time),
        metadata: rest(table, [...found, time], json),
        source_database: { rule: 'constant', value: sourceName(path) },
      },
      pivot: Object.fromEntries(found.map((name) => [name, `${prefix}${name}`])),
    }
  }
}
