declare global {
  const __APP_VERSION__: string;
  namespace App {
    interface Locals {
      user: { id: number; name: string } | null;
    }
  }
}
export {};
