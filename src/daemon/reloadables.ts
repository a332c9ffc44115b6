import { hostname } from 'node:os'
import type { Config } from '../config/index.js'
import type { Router } from '../core/router.js'
import type { Admission } from '../ingress/admission.js'
import type { Door } from '../ingress/door.js'
import type { HttpOptions } from '../ingress/http/options.js'
import type { Observer } from '../observe/main/observer.js'
import type { ObserverSettings } from '../observe/settings.js'
import { admissionLimits } from './admission.js'
import { configuredOptions } from './core-options.js'
import { httpOptions } from './http-options.js'
import { ingressOptions, type Listener } from './listeners.js'
import type { Logger } from './log.js'
import type { Reloadable } from './reload.js'

export function logReload(log: Logger): Reloadable {
  return {
    prepare: (next) => () => {
      log.level = next.log.level
    },
  }
}

/** Limits, rates and defaults of the core; what subscriptions were made with, they keep. */
export function coreReload(router: Router): Reloadable {
  return {
    prepare: (next) => () => {
      const { delivery, unfinished, options } = router
      const unfinishedShare = unfinished.max / delivery.budget.max
      Object.assign(options, configuredOptions(next))
      delivery.budget.max = options.memoryBudgetBytes
      unfinished.max = options.memoryBudgetBytes * unfinishedShare
    },
  }
}

/** @param options that the API looks up each time */
export function httpReload(options: HttpOptions): Reloadable {
  return { prepare: (next) => () => void Object.assign(options, httpOptions(next)) }
}

export function listenersReload(
  listeners: readonly Listener[],
  admission: Admission,
  warn: (sentence: string) => void,
): Reloadable {
  return {
    prepare: (next) => {
      const options = ingressOptions(next)
      return () => {
        Object.assign(admission.limits, admissionLimits(next, warn))
        for (const listener of listeners) listener.setOptions(options)
      }
    },
  }
}

/** Pages of the admin port may connect to the bus, by whatever name it goes. */
export function allowOwnPages(door: Door, adminPort: number, { admin }: Config): void {
  door.origins.allowOwnPages(adminPort, [hostname(), admin.host, ...admin.names])
}

export function ownPagesReload(door: Door, adminPort: number): Reloadable {
  return { prepare: (next) => () => allowOwnPages(door, adminPort, next) }
}

export function observerReload(observer: Observer, settingsOf: (config: Config) => ObserverSettings): Reloadable {
  return {
    prepare: (next) => {
      const settings = settingsOf(next)
      return () => observer.setSettings(settings)
    },
  }
}
