// A mobile developer's first hour: offers, what was seen and clicked, and an error, all typed by the contract.
import createClient from "openapi-fetch";
import type { paths } from "./build/schema.js";

declare const process: { env: Record<string, string> };
const customer_id = process.env.FOURCAST_CUSTOMER;
const client = createClient<paths>({
  baseUrl: process.env.FOURCAST_URL,
  headers: { Authorization: `Bearer ${process.env.FOURCAST_KEY}` },
});

const offers = await client.GET("/v1/customers/{customer_id}/offers", {
  params: {
    path: { customer_id },
    query: { channel: "mobile_app", placement: "home_banner", limit: 2 },
    header: { "Accept-Language": "en" },
  },
});
if (!offers.data) throw new Error(offers.error.detail);
const first = offers.data.offers[0];

const at = new Date().toISOString();
const events = await client.POST("/v1/events", {
  body: {
    events: (["impression", "click"] as const).map((kind) => ({
      id: `ts-${offers.data.decision_id}-${kind}`,
      customer_id,
      kind,
      at,
      offer: first.offer,
      channel: first.channel,
      decision_id: offers.data.decision_id,
    })),
  },
});

const wrong = await client.GET("/v1/customers/{customer_id}/offers", {
  params: { path: { customer_id }, query: { limit: 11 } },
});

console.log(
  JSON.stringify({
    offers: offers.data.offers.map((offer) => offer.text.title),
    etag: offers.response.headers.get("ETag"),
    events: [events.response.status, events.data],
    wrong: [wrong.response.status, wrong.error?.errors?.[0].where],
  }),
);
