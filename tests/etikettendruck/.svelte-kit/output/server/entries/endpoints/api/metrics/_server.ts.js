import { json } from "@sveltejs/kit";
import { s as summary } from "../../../../chunks/metrics.js";
function GET() {
  return json(summary());
}
export {
  GET
};
