/** What the daemon is at. Ready is the only state in which a load balancer should send clients. */
export type Phase = 'starting' | 'ready' | 'draining' | 'stopped'
