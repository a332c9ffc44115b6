import { Admission, type AdmissionLimits } from '../../src/ingress/admission.js'
import type { IngressMeters, IngressOptions } from '../../src/ingress/ingress.js'

/** Options of a port that a test sets; of what it admits only the limits. */
export type PortOverrides = Omit<Partial<IngressOptions>, 'admission'> & { admission?: Partial<AdmissionLimits> }

/** Lets a thousand in, unless told otherwise. */
export function admissionOf(meters: IngressMeters, limits: Partial<AdmissionLimits> = {}): Admission {
  return new Admission({ connectionsMax: 1000, connectionsPerAddress: 0, connectsPerSecond: 0, ...limits }, meters)
}
