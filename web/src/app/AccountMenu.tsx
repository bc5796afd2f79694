import type { Shape } from "~/api/types";
import { useMessages } from "~/shared/language/Language";
import { useLogOut, useRoles } from "~/shared/session/session";
import { Button } from "~/ui/Button";
import { Icon } from "~/ui/Icon";
import { Menu } from "~/ui/Menu";

import { messages } from "./messages";

/** Where somebody who is logged in can go: their trips and account, and what they run. */
export function AccountMenu({ me }: { me: Shape<"AccountOut"> }) {
  const t = useMessages(messages);
  const { isOwner, isOperator } = useRoles();
  const logOut = useLogOut();
  const owner = [
    { id: "inbox", label: t.inbox, href: "/owner/inbox" },
    { id: "homes", label: t.homes, href: "/owner/homes" },
    { id: "restaurants", label: t.restaurants, href: "/owner/restaurants" },
    { id: "flights", label: t.ownerFlights, href: "/owner/flights" },
    { id: "money", label: t.money, href: "/owner/money" },
  ];
  const operator = [
    { id: "integrity", label: t.integrity, href: "/operator/integrity" },
    { id: "users", label: t.users, href: "/operator/users" },
    { id: "activity", label: t.activity, href: "/operator/activity" },
    { id: "journeys", label: t.journeys, href: "/operator/journeys" },
  ];
  return (
    <Menu
      label={t.accountOf(me.username)}
      trigger={
        <Button size="small" aria-label={t.accountOf(me.username)}>
          <Icon name="user" />
          <span aria-hidden>{me.username}</span>
        </Button>
      }
      items={[
        { id: "bookings", label: t.bookings, href: "/bookings" },
        ...(isOwner ? owner : []),
        ...(isOperator ? operator : []),
        { id: "account", label: t.account, href: "/account" },
        { id: "log-out", label: t.logOut, onAction: () => logOut.mutate() },
      ]}
    />
  );
}
