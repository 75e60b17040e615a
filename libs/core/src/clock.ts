/**
 * The one place that knows what time it is. Every instant that is stored or compared comes from here, so that tests move it
 * and two replicas never disagree with a database default in the same row.
 */
export class Clock {
  private offsetMs = 0;

  now(): Date {
    return new Date(Date.now() + this.offsetMs);
  }

  /** Moves the clock; tests only. @param instant what `now()` says from here on (it goes on ticking) */
  travelTo(instant: Date): void {
    this.offsetMs = instant.getTime() - Date.now();
  }

  reset(): void {
    this.offsetMs = 0;
  }
}

export const clock = new Clock();
