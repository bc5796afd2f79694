import type { ComponentType } from "react";
import { createBrowserRouter, Navigate, type RouteObject } from "react-router";

import { NotFound } from "./NotFound";
import { RouteError } from "./RouteError";
import { Shell } from "./Shell";

/** A page in a file of its own, loaded when somebody goes there. */
function page(path: string, load: () => Promise<{ default: ComponentType }>): RouteObject {
  return { path, lazy: async () => ({ Component: (await load()).default }), errorElement: <RouteError /> };
}

export const router = createBrowserRouter([
  {
    path: "/",
    element: <Shell />,
    errorElement: <RouteError />,
    hydrateFallbackElement: <div aria-busy />,
    children: [
      { index: true, lazy: async () => ({ Component: (await import("~/features/home/HomePage")).default }) },
      page("stays", () => import("~/features/stays/ResultsPage")),
      page("stays/:propertyId", () => import("~/features/stays/PropertyPage")),
      page("dining", () => import("~/features/dining/ResultsPage")),
      page("dining/:restaurantId", () => import("~/features/dining/RestaurantPage")),
      page("flights", () => import("~/features/flights/ResultsPage")),
      page("flights/choose", () => import("~/features/flights/ChoosePage")),
      page("trip", () => import("~/features/checkout/TripPage")),
      page("checkout", () => import("~/features/checkout/CheckoutPage")),
      page("checkout/return", () => import("~/features/checkout/ReturnPage")),
      page("bookings", () => import("~/features/bookings/BookingsPage")),
      page("bookings/:reference", () => import("~/features/bookings/BookingPage")),
      page("login", () => import("~/features/account/LogInPage")),
      page("register", () => import("~/features/account/RegisterPage")),
      page("recover", () => import("~/features/account/RecoverPage")),
      page("account/*", () => import("~/features/account/AccountPages")),
      { path: "owner", element: <Navigate to="/owner/inbox" replace /> },
      page("owner/inbox", () => import("~/features/owner-desk/InboxPage")),
      page("owner/money", () => import("~/features/owner-desk/MoneyPage")),
      page("owner/homes", () => import("~/features/owner-homes/HomesPage")),
      page("owner/homes/:propertyId", () => import("~/features/owner-homes/CalendarPage")),
      page("owner/restaurants", () => import("~/features/owner-dining/RestaurantsPage")),
      page("owner/restaurants/:restaurantId", () => import("~/features/owner-dining/FloorPage")),
      page("owner/flights", () => import("~/features/owner-flights/FlightsPage")),
      page("owner/flights/:flightId", () => import("~/features/owner-flights/FlightPage")),
      { path: "operator", element: <Navigate to="/operator/integrity" replace /> },
      page("operator/integrity", () => import("~/features/operator/IntegrityPage")),
      page("operator/users", () => import("~/features/operator/UsersPage")),
      page("operator/activity", () => import("~/features/operator/ActivityPage")),
      page("operator/journeys", () => import("~/features/operator/JourneysPage")),
      { path: "*", element: <NotFound /> },
    ],
  },
]);
