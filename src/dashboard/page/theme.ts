export const THEMES = ['auto', 'light', 'dark'] as const
export type Theme = (typeof THEMES)[number]

/** Colours: those of the style sheet, as canvases need them. */
export class Palette {
  private readonly prefersDark = matchMedia('(prefers-color-scheme: dark)')
  private theme: Theme = 'auto'
  private readonly listeners: (() => void)[] = []
  private readonly known = new Map<string, string>()

  constructor() {
    this.prefersDark.addEventListener('change', () => this.apply())
    this.apply()
  }

  get isDark(): boolean {
    return this.theme === 'dark' || (this.theme === 'auto' && this.prefersDark.matches)
  }

  choose(theme: Theme): void {
    this.theme = theme
    this.apply()
  }

  /** Called whenever colours have changed. */
  onChange(run: () => void): void {
    this.listeners.push(run)
  }

  /** Value of a custom property, such as `--grid`. */
  color(name: string): string {
    let value = this.known.get(name)
    if (value === undefined) {
      value = getComputedStyle(document.documentElement).getPropertyValue(name).trim()
      this.known.set(name, value)
    }
    return value
  }

  private apply(): void {
    document.documentElement.dataset.theme = this.isDark ? 'dark' : 'light'
    this.known.clear()
    for (const run of this.listeners) run()
  }
}
