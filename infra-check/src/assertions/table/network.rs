//! The virtual network, its rules, its endpoints and names.

use super::{Assertion, Want, When, line, pointing};
use crate::worlds::Beyond;

const VNET: &str = "Microsoft.Network/virtualNetworks";
const RULE: &str = "Microsoft.Network/networkSecurityGroups/securityRules";
const ENDPOINT: &str = "Microsoft.Network/privateEndpoints";
const ZONE_GROUP: &str = "Microsoft.Network/privateEndpoints/privateDnsZoneGroups";
const ZONE: &str = "Microsoft.Network/privateDnsZones";
const LINK: &str = "Microsoft.Network/privateDnsZones/virtualNetworkLinks";
const TARGET: &str = "properties.privateLinkServiceConnections[0].properties.groupIds[0]";
const PRIVATE: When = When::Network("privateEndpoints");

pub(super) fn lines() -> Vec<Assertion> {
    [subnets(), rules(), endpoints()].concat()
}

fn subnets() -> Vec<Assertion> {
    let delegation = "properties.subnets[0].properties.delegations[0].properties.serviceName";
    let other = "properties.subnets[1].properties.delegations[0].properties.serviceName";
    let (flex, dedicated) =
        (Want::Text("Microsoft.App/environments"), Want::Text("Microsoft.Web/serverFarms"));
    vec![
        line(
            "C41-no-way-out",
            VNET,
            "properties.subnets[*].properties.defaultOutboundAccess",
            Want::Bool(false),
        ),
        line(
            "C41-rules",
            VNET,
            "properties.subnets[*].properties.networkSecurityGroup.id",
            Want::Of("Microsoft.Network/networkSecurityGroups"),
        ),
        line("C41-api-flex", VNET, delegation, flex.clone()).when(When::Plan("flex")),
        line("C41-processor-flex", VNET, other, flex).when(When::Plan("flex")),
        line("C41-api-dedicated", VNET, delegation, dedicated.clone()).when(When::Plan("dedicated")),
        line("C41-processor-dedicated", VNET, other, dedicated).when(When::Plan("dedicated")),
        line(
            "C42-subnets",
            VNET,
            "properties.subnets[0].properties.serviceEndpoints[*].service",
            Want::Starts("Microsoft."),
        )
        .when(When::Network("serviceEndpoints")),
        line("C42-none", VNET, "properties.subnets[0].properties.serviceEndpoints", Want::Empty)
            .when(PRIVATE),
        line(
            "C43-rules-count",
            VNET,
            "properties.subnets[3].properties.privateEndpointNetworkPolicies",
            Want::Text("Enabled"),
        ),
    ]
}

fn rules() -> Vec<Assertion> {
    let rule = |id, name, path, want| Assertion { only: name, ..line(id, RULE, path, want) };
    let backend = &[("name", "to-fulfilment")];
    let nothing_out = &[("name", "nothing-else-out")];
    let nothing_in = &[("name", "nothing-else-in")];
    vec![
        rule("C41-nothing-else-out", nothing_out, "properties.access", Want::Text("Deny")).least(2),
        rule(
            "C41-nothing-else-out-anywhere",
            nothing_out,
            "properties.destinationAddressPrefix",
            Want::Text("*"),
        )
        .least(2),
        rule("C41-nothing-else-out-direction", nothing_out, "properties.direction", Want::Text("Outbound"))
            .least(2),
        rule("C43-nothing-else-in", nothing_in, "properties.access", Want::Text("Deny")),
        rule("C43-nothing-else-in-from", nothing_in, "properties.sourceAddressPrefix", Want::Text("*")),
        rule("C41-backend", backend, "properties.destinationAddressPrefix", Want::Text("198.51.100.7/32")),
        rule("C41-backend-port", backend, "properties.destinationPortRange", Want::Text("443")),
        rule(
            "C41-backend-only-processor",
            backend,
            "parent",
            Want::Of("Microsoft.Network/networkSecurityGroups nsg-processor-"),
        ),
        rule(
            "C08-callers",
            &[("name", "from-callers")],
            "properties.sourceAddressPrefix",
            Want::Text("203.0.113.0/24"),
        )
        .when(When::With(Beyond::Direct)),
        rule("C52-runner-nothing-in", &[("name", "nothing-in")], "properties.access", Want::Text("Deny")),
    ]
}

fn endpoints() -> Vec<Assertion> {
    let to = |id, group, least| Assertion {
        only: group,
        ..line(id, ENDPOINT, "properties.subnet.id", Want::Ends("/subnets/snet-endpoints")).least(least)
    };
    vec![
        to("C43-apps", &[(TARGET, "sites")], 2).when(PRIVATE),
        to("C43-blobs", &[(TARGET, "blob")], 2).when(PRIVATE),
        to("C43-queues", &[(TARGET, "queue")], 1).when(PRIVATE),
        to("C43-vaults", &[(TARGET, "vault")], 3).when(PRIVATE),
        to("C43-server", &[(TARGET, "postgresqlServer")], 1),
        line("C43-named", ENDPOINT, "", pointing(ZONE_GROUP, "parent", &[])),
        line(
            "C43-zone",
            ZONE_GROUP,
            "properties.privateDnsZoneConfigs[*].properties.privateDnsZoneId",
            Want::Of(ZONE),
        ),
        line("C43-linked", ZONE, "", pointing(LINK, "parent", &[])),
        line("C43-link", LINK, "properties.virtualNetwork.id", Want::Of(VNET)),
    ]
}
